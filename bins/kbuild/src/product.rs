//! What is published: the documents of one image, or of several and the index that joins them.

use ktrust_oci::{Annotations, Descriptor, Digest, Document, Index, Manifest, media_type};

use crate::error::Error;
use crate::image::{Image, Layer};
use crate::settings::{Form, Level, of_level};

/// The images of a build in one form: their documents, byte for byte.
pub(crate) struct Product<'a> {
    pub(crate) images: &'a [Image],
    /// The link to each image's configuration.
    pub(crate) configs: Vec<Descriptor>,
    /// One for each image.
    pub(crate) manifests: Vec<Document>,
    index: Option<Document>,
    /// What is noted on the link to the whole.
    notes: Annotations,
}

impl<'a> Product<'a> {
    /// Writes the documents of at least one image.
    pub(crate) fn new(images: &'a [Image], form: &Form) -> Result<Self, Error> {
        let [config_type, ..] = form.media_types();
        let configs: Vec<_> = images.iter().map(|image| Descriptor::of(config_type, &image.config)).collect();
        let manifests: Vec<Document> = images
            .iter()
            .zip(&configs)
            .map(|(image, config)| manifest(image, config, form))
            .collect::<Result<_, _>>()?;
        let joined = form.index || images.len() > 1;
        let (level, platform) =
            if joined { (Level::IndexDescriptor, None) } else { (Level::ManifestDescriptor, images.first()) };
        let notes = of_level(&form.annotations, level, platform.map(|image| &image.platform));
        let index = if joined { Some(index(images, &manifests, form)?) } else { None };
        Ok(Self { images, configs, manifests, index, notes })
    }

    /// The document that the whole is known by: the index, or the only manifest.
    pub(crate) fn top(&self) -> &Document {
        self.index.as_ref().unwrap_or(&self.manifests[0])
    }

    /// The documents below [`Self::top`].
    pub(crate) fn inner(&self) -> &[Document] {
        if self.index.is_some() { &self.manifests } else { &[] }
    }

    /// The link to the whole. One image's has its platform, so that readers need not look inside.
    pub(crate) fn link(&self) -> Descriptor {
        let mut link = self.top().descriptor();
        link.annotations = self.notes.clone();
        if self.index.is_none() {
            link.platform = self.images.first().map(|image| image.platform.clone());
        }
        link
    }

    /// The configuration's digest, where there is one image only.
    pub(crate) fn config(&self) -> Option<&Digest> {
        if self.index.is_some() { None } else { self.configs.first().map(|config| &config.digest) }
    }

    /// Every layer once.
    pub(crate) fn layers(&self) -> Vec<&'a Layer> {
        let mut layers: Vec<&Layer> = Vec::new();
        for layer in self.images.iter().flat_map(|image| &image.layers) {
            if !layers.iter().any(|known| known.descriptor.digest == layer.descriptor.digest) {
                layers.push(layer);
            }
        }
        layers
    }

    /// Every configuration once, with its bytes.
    pub(crate) fn config_blobs(&self) -> Vec<(&Descriptor, &[u8])> {
        let mut blobs: Vec<(&Descriptor, &[u8])> = Vec::new();
        for (image, config) in self.images.iter().zip(&self.configs) {
            if !blobs.iter().any(|(known, _)| known.digest == config.digest) {
                blobs.push((config, &image.config));
            }
        }
        blobs
    }
}

fn manifest(image: &Image, config: &Descriptor, form: &Form) -> Result<Document, Error> {
    let [_, _, manifest_type, _] = form.media_types();
    let layers = image.layers.iter().map(|layer| in_form(&layer.descriptor, form)).collect();
    let mut manifest = Manifest::new(config.clone(), layers);
    manifest.media_type = Some(manifest_type.into());
    manifest.annotations = of_level(&form.annotations, Level::Manifest, Some(&image.platform));
    Ok(Document::from_manifest(&manifest)?)
}

fn index(images: &[Image], manifests: &[Document], form: &Form) -> Result<Document, Error> {
    let [.., index_type] = form.media_types();
    let entry = |(image, manifest): (&Image, &Document)| {
        let mut entry = manifest.descriptor();
        entry.platform = Some(image.platform.clone());
        entry.annotations = of_level(&form.annotations, Level::ManifestDescriptor, Some(&image.platform));
        entry
    };
    let mut index = Index::new(images.iter().zip(manifests).map(entry).collect());
    index.media_type = Some(index_type.into());
    index.annotations = of_level(&form.annotations, Level::Index, None);
    Ok(Document::from_index(&index)?)
}

/// OCI's names of layers and Docker's.
const LAYERS: [(&str, &str); 3] = [
    (media_type::OCI_LAYER_GZIP, media_type::DOCKER_LAYER_GZIP),
    (media_type::OCI_LAYER, media_type::DOCKER_LAYER),
    (media_type::OCI_LAYER_ZSTD, media_type::DOCKER_LAYER_ZSTD),
];

/// One image never mixes Docker's and OCI's media types: the bytes are the same, so the name is changed.
fn in_form(layer: &Descriptor, form: &Form) -> Descriptor {
    let known = LAYERS.iter().find(|(oci, docker)| layer.media_type == *oci || layer.media_type == *docker);
    let mut layer = layer.clone();
    if let Some((oci, docker)) = known {
        layer.media_type = if form.docker_types { *docker } else { *oci }.into();
    }
    layer
}

#[cfg(test)]
mod tests {
    use ktrust_oci::Parsed;

    use super::Product;
    use crate::image::Draft;
    use crate::settings::Form;

    #[test]
    fn one_image_is_a_manifest_and_several_are_an_index() {
        let image = |name: &str| Draft::scratch(&name.parse().unwrap(), 0).finish(&[]).unwrap();
        let images = [image("linux/arm64"), image("linux/amd64")];
        let one = Product::new(&images[..1], &Form::default()).unwrap();
        assert!(matches!(one.top().parse().unwrap(), Parsed::Manifest(_)) && one.config().is_some());
        let both = Product::new(&images, &Form::default()).unwrap();
        let Parsed::Index(index) = both.top().parse().unwrap() else { panic!("no index") };
        let platforms: Vec<_> = index.platforms().iter().map(ToString::to_string).collect();
        assert_eq!(platforms, ["linux/arm64", "linux/amd64"]);
        assert_eq!(index.manifests[0].digest, one.top().digest);
        let docker = Product::new(&images, &Form { docker_types: true, ..Form::default() }).unwrap();
        assert!(
            docker.top().media_type.contains("docker") && docker.configs[0].media_type.contains("docker")
        );
        let forced = Product::new(&images[..1], &Form { index: true, ..Form::default() }).unwrap();
        assert!(forced.top().is_index() && forced.config().is_none());
    }
}
